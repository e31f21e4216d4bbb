import type { Attack } from "../attack.ts";
import { announced } from "./announced.ts";
import { hangUp } from "./hang-up.ts";
import { pieces } from "./pieces.ts";
import { readiness } from "./readiness.ts";
import { renderings } from "./renderings.ts";
import { scans } from "./scans.ts";
import { seeds } from "./seeds.ts";
import { unread } from "./unread.ts";

export const ATTACKS: readonly Attack[] = [
  seeds,
  scans,
  hangUp,
  announced,
  unread,
  renderings,
  pieces,
  readiness,
];
