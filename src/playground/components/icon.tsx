/** Paths on a grid of 24, drawn with a line of 1.75. */
const PATHS = {
  add: "M12 5v14M5 12h14",
  close: "M6 6l12 12M18 6L6 18",
  remove: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  camera: "M4 8h3l2-3h6l2 3h3v11H4zM12 17a4 4 0 100-8 4 4 0 000 8z",
  folder: "M3 6h6l2 2h10v11H3z",
  files: "M4 5h16v14H4zM4 16l5-5 4 4 2-2 5 5M15.5 9.5h.01",
  shield: "M12 3l7 3v5c0 4.5-3 8-7 10-4-2-7-5.500-7-10V6zM9 12l2 2 4-4",
  cloud: "M7 18a4 4 0 01-.5-7.970A6 6 0 0118 9.500 4.300 4.300 0 0117.500 18z",
  device: "M4 5h16v11H4zM9 20h6M12 16v4",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  undo: "M9 8H5V4M5 8a8 8 0 11-1 6",
  previous: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
  zoomIn: "M11 18a7 7 0 100-14 7 7 0 000 14zM16 16l5 5M11 8v6M8 11h6",
  zoomOut: "M11 18a7 7 0 100-14 7 7 0 000 14zM16 16l5 5M8 11h6",
  fit: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  mark: "M12 4v4M12 16v4M4 12h4M16 12h4M12 12h.01",
  exclude: "M12 20a8 8 0 100-16 8 8 0 000 16zM6.500 6.500l11 11",
  draw: "M4 20l1-5L16 4l4 4L9 19zM14 6l4 4",
  erase: "M8 20l-4-4L14 6l6 6-8 8zM9 11l6 6M6 20h14",
  move: "M12 3v18M3 12h18M9 6l3-3 3 3M9 18l3 3 3-3M6 9l-3 3 3 3M18 9l3 3-3 3",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  link: "M10 14l4-4M8 11l-2.500 2.500a3.500 3.500 0 005 5L13 16M16 13l2.500-2.500a3.500 3.500 0 00-5-5L11 8",
  sun: "M12 16a4 4 0 100-8 4 4 0 000 8zM12 3v2M12 19v2M3 12h2M19 12h2M5.600 5.600L7 7M17 17l1.400 1.400M5.600 18.400L7 17M17 7l1.400-1.400",
  moon: "M20 14.500A8 8 0 019.500 4 8 8 0 1020 14.500z",
  auto: "M12 4a8 8 0 100 16zM12 4a8 8 0 010 16",
  check: "M5 13l4 4L19 7",
  warning: "M12 4l9 16H3zM12 10v4M12 17h.01",
} as const;

export type IconName = keyof typeof PATHS;

/** An icon beside a word or in a named button. Screen readers skip it. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The logo: three photographs and what they have in common. */
export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect x="3" y="3" width="17" height="17" rx="4" />
      <rect x="12" y="12" width="17" height="17" rx="4" />
      <rect class="shared" x="12" y="12" width="8" height="8" rx="2" />
    </svg>
  );
}
