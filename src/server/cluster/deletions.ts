import { type ClusterConnection, PREFIX } from "./connection.ts";

/** What a server has deleted. Others may have copies on disk. */
export interface Deletion {
  readonly prefix: string;
  readonly keys: readonly string[];
}

export interface Deletions {
  announce(deletion: Deletion): void;
  listen(listener: (deletion: Deletion) => void): void;
}

const CHANNEL = `${PREFIX}:deletions`;

/** Tells all servers about deletions. A server that is not reached keeps its copies for a while. */
export function clusterDeletions({ commands, notifier }: ClusterConnection): Deletions {
  return {
    announce(deletion) {
      commands.publish(CHANNEL, JSON.stringify(deletion)).catch(() => {});
    },
    listen(listener) {
      notifier.listen(CHANNEL, (message) => {
        if (message !== undefined) listener(JSON.parse(message));
      });
    },
  };
}
