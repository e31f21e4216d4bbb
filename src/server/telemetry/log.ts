import { type DestinationStream, type Logger, pino, stdSerializers } from "pino";
import type { Log } from "../../app/index.ts";

/** Structured logs: one JSON object per line, on standard output by default. */
export function createLogger(destination?: DestinationStream): Logger {
  const options = {
    base: { service: "cosal" },
    messageKey: "event",
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level: string) => ({ level }) },
    serializers: { error: stdSerializers.err },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** The app's log, written to a pino logger. */
export function appLog(logger: Logger): Log {
  return function log({ level, event, ...fields }) {
    logger[level](fields, event);
  };
}
