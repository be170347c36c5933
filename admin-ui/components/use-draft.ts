import { useSessionStorage } from '@mantine/hooks';
import { useSession } from '../api/queries.ts';

const asIs = (text: string | undefined): string => text ?? '';

/** Text that somebody is writing: it stays theirs in this tab, whatever they look at meanwhile, until it is set to ''. */
export function useDraft(name: string): readonly [text: string, setText: (text: string) => void] {
  const { user } = useSession();
  const [text = '', keep, forget] = useSessionStorage<string>({
    key: `leitwerk-draft/${user.id}/${name}`,
    getInitialValueInEffect: false,
    serialize: asIs,
    deserialize: asIs,
  });
  return [text, (next) => (next === '' ? forget() : keep(next))];
}
