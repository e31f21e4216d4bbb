import type { Mark, Photograph } from "../state/photographs.ts";
import type { Pose } from "./camera.ts";

interface MarksProps {
  readonly photograph: Photograph;
  readonly pose: Pose;
  /** The mark that is being drawn. */
  readonly drawn: Mark | undefined;
}

/** The marks in a photograph. */
export function Marks({ photograph, pose, drawn }: MarksProps) {
  const marks = [...photograph.marks.value, ...(drawn ? [drawn] : [])];
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
        const shape = "box" in mark ? "mark-box" : "mark-point";
        return (
          <span key={i} class={`${shape} ${mark.negative ? "is-negative" : ""}`} style={style} />
        );
      })}
    </div>
  );
}
