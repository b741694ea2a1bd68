/**
 * One wish to stop, whoever has it: a signal, the end of the process that started us, or our own failure. Signals arrive
 * twice (from the terminal and from npm), so only the first counts.
 */
export const onStop = (): { signal: AbortSignal; stop: () => void } => {
  const controller = new AbortController();
  const stop = () => controller.abort();
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP', 'disconnect']) process.on(name, stop);
  // The terminal may be gone already; what is said then is for nobody.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  return { signal: controller.signal, stop };
};
