import type { Mark, Photograph } from "../state/photographs.ts";
import type { Point, Pose } from "./camera.ts";

interface MarksProps {
  readonly photograph: Photograph;
  readonly pose: Pose;
  /** Corners of a box that is being drawn, in pixels of the photograph. */
  readonly drawn: readonly [Point, Point] | undefined;
}

/** What is marked in a photograph. */
export function Marks({ photograph, pose, drawn }: MarksProps) {
  const marks: Mark[] = [...photograph.marks.value];
  if (drawn) {
    const [[x0, y0], [x1, y1]] = drawn;
    marks.push({ box: [Math.min(x0, x1), Math.min(y0, y1), Math.abs(x1 - x0), Math.abs(y1 - y0)] });
  }
  return (
    <div class="sheet">
      {marks.map((mark, i) => {
        const place = "point" in mark ? mark.point : mark.box;
        const style: Record<string, string> = {
          left: `${pose.x + place[0] * pose.scale}px`,
          top: `${pose.y + place[1] * pose.scale}px`,
        };
        if ("box" in mark) {
          style.width = `${mark.box[2] * pose.scale}px`;
          style.height = `${mark.box[3] * pose.scale}px`;
        }
        return <span key={i} class={"box" in mark ? "mark-box" : "mark-point"} style={style} />;
      })}
    </div>
  );
}
