/** Does the work at once when asked, and then at most every `ms`: what is asked meanwhile is done when they are over. */
export function atMostEvery(ms: number, work: () => void): () => void {
  let isResting = false;
  let isAsked = false;
  const ask = (): void => {
    isAsked = true;
    if (isResting) return;
    isAsked = false;
    isResting = true;
    work();
    setTimeout(() => {
      isResting = false;
      if (isAsked) ask();
    }, ms).unref();
  };
  return ask;
}
