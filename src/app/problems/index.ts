export { PROBLEMS, type ProblemKind, type ProblemStatus } from "./kinds.ts";
export { type Problem, type ProblemPlace, presentable, problemOf, statusOf } from "./problem.ts";
export { parseBody, parseQuery } from "./validation.ts";
