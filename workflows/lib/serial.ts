/** Runs tasks one after the other, in the order in which they came: handlers of one workflow would else interleave. */
export const createSerial = () => {
  let last: Promise<unknown> = Promise.resolve();
  return <Result>(task: () => Promise<Result>): Promise<Result> => {
    const mine = last.then(task, task);
    last = mine.catch(() => undefined);
    return mine;
  };
};
