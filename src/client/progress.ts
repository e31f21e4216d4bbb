/** How far a group is: `done` photographs of `total` are through `stage`. */
export interface Progress {
  /**
   * `hashed` and `uploaded` are the client's; `uploaded` counts only what the service did not have.
   * `encoded` and `masked` are the service's.
   */
  readonly stage: "hashed" | "uploaded" | "encoded" | "masked";
  readonly done: number;
  readonly total: number;
}

export type OnProgress = (progress: Progress) => void;
