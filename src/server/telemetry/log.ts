import { type DestinationStream, type Logger, pino, stdSerializers } from "pino";
import type { Log } from "../../app/index.ts";

/** Structured logs: a JSON object a line, on standard output unless a test says otherwise. */
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

/** The app's log on such a logger. */
export function appLog(logger: Logger): Log {
  return function log({ level, event, ...fields }) {
    logger[level](fields, event);
  };
}
