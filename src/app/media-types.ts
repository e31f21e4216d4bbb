/** Media type of `encodeConsensus`. */
export const CONSENSUS_TYPE = "application/vnd.cosal.consensus";
