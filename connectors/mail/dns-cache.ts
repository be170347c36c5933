/** Answers as `dns.promises.resolve(name, type)` does. */
export type DnsResolver = (name: string, type: string) => Promise<string[][] | string[]>;

const keptMs = 60_000;
const mostKept = 2_000;

/** What DNS says of names that do not exist; anything else that fails may go well the next time. */
const isAnswer = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOTFOUND' || error.code === 'ENODATA');

/** Keeps answers for a minute: whoever sends many mails sends them from one domain, and name servers drop questions that come in bursts. */
export function keepAnswers(resolve: DnsResolver, nowMs: () => number = Date.now): DnsResolver {
  const kept = new Map<string, { readonly answer: ReturnType<DnsResolver>; readonly until: number }>();
  return async (name, type) => {
    const id = `${type} ${name}`;
    const known = kept.get(id);
    if (known !== undefined && known.until > nowMs()) return await known.answer;
    const answer = resolve(name, type);
    kept.delete(id);
    if (kept.size >= mostKept) kept.delete(kept.keys().next().value ?? '');
    kept.set(id, { answer, until: nowMs() + keptMs });
    try {
      return await answer;
    } catch (error) {
      if (!isAnswer(error) && kept.get(id)?.answer === answer) kept.delete(id);
      throw error;
    }
  };
}
