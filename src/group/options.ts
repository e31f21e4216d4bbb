/**
 * The options of a group that change its masks, each only where it differs from its default, so
 * that a new option leaves the identity of every group without it as it was. Names and values
 * match `[a-z0-9._-]{1,64}`; an option that is a number is written in its shortest decimal form.
 */
export type GroupOptions = Readonly<Record<string, string>>;

export const DEFAULT_OPTIONS: GroupOptions = {};
