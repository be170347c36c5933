import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import { applyRecord, shownIds } from './cache.ts';
import { queryString, request } from './client.ts';
import { entitiesQuery } from './queries.ts';
import type { ChangeEvent, OneRecord } from './types.ts';

/** The latest change that somebody else made to a record. */
export interface RemoteChange {
  readonly name: string;
  readonly at: string;
  readonly version: number | undefined;
}

interface LiveState {
  readonly isConnected: boolean;
  readonly fresh: ReadonlyMap<string, number>;
  readonly remote: ReadonlyMap<string, RemoteChange>;
}

const createLiveStore = () => {
  let state: LiveState = { isConnected: true, fresh: new Map(), remote: new Map() };
  const listeners = new Set<() => void>();
  return {
    get: (): LiveState => state,
    set: (change: Partial<LiveState>): void => {
      state = { ...state, ...change };
      for (const listener of listeners) listener();
    },
    subscribe: (listener: () => void): (() => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
};

const live = createLiveStore();

/** True while the server can tell us about changes. */
export function useIsLive(): boolean {
  return useSyncExternalStore(live.subscribe, () => live.get().isConnected);
}

/** How many records of a kind came into being since its list was last asked for. */
export function useFreshCount(entity: string): number {
  return useSyncExternalStore(live.subscribe, () => live.get().fresh.get(entity) ?? 0);
}

export function clearFresh(entity: string): void {
  live.set({ fresh: new Map([...live.get().fresh].filter(([name]) => name !== entity)) });
}

/** Who changed this record last, when it was not me. */
export function useRemoteChange(id: string): RemoteChange | undefined {
  return useSyncExternalStore(live.subscribe, () => live.get().remote.get(id));
}

const maxSingleReads = 10;

/** Answers that belong to one of the records: the record itself, its process, what resembles it. */
const hangsOn = (ids: ReadonlySet<string>, kind: string, id: string): boolean =>
  (kind === 'record' || kind === 'process' || kind === 'matches') && ids.has(id);

const isOfSettings = ({ act }: ChangeEvent): boolean => act.startsWith('config.') || act === 'schema.publish';

/** What is made of settings of these kinds is asked for again; what somebody is entering stays with them. */
const refreshSettings = (client: QueryClient, kinds: ReadonlySet<string>): void => {
  for (const kind of kinds) {
    void client.invalidateQueries({ queryKey: kind === 'schemas' ? ['schemas'] : ['config', kind] });
    if (kind === 'sources') void client.invalidateQueries({ queryKey: ['sources'] });
    if (kind === 'pipelines') void client.invalidateQueries({ queryKey: ['process'] });
    // Who may do what, and on which objects.
    if (kind === 'roles' || kind === 'schemas') void client.invalidateQueries({ queryKey: ['me'] });
  }
};

/** Brings the screens up to date with a batch of changes: single rows where few are shown, whole lists never. */
const catchUp = async (client: QueryClient, changes: readonly ChangeEvent[]): Promise<void> => {
  refreshSettings(client, new Set(changes.filter(isOfSettings).map((change) => change.entity)));
  if (changes.some((change) => change.act.endsWith('.notify')))
    void client.invalidateQueries({ queryKey: ['notices'] });
  const ids = new Set(changes.map((change) => change.id));
  void client.invalidateQueries({
    predicate: ({ queryKey: [kind, first, second] }) => hangsOn(ids, String(kind), String(second ?? first)),
  });
  // Whatever is linked to an open record may have changed with it.
  void client.invalidateQueries({ predicate: ({ queryKey: [kind, , part] }) => kind === 'list' && part === 'related' });
  const entities = client.getQueryData(entitiesQuery.queryKey);
  for (const [entity, ofKind] of Map.groupBy(changes, (change) => change.entity)) {
    const plural = entities?.byName.get(entity)?.plural;
    if (plural === undefined) continue;
    const shown = shownIds(client, plural);
    const ofThisKind = new Set(ofKind.map((change) => change.id));
    const isNew = (change: ChangeEvent): boolean => change.act.endsWith('.create') || change.act.endsWith('.receive');
    const created = new Set(
      ofKind.filter((change) => isNew(change) && !shown.has(change.id)).map((change) => change.id),
    );
    if (created.size > 0) {
      const fresh = new Map(live.get().fresh);
      live.set({ fresh: fresh.set(entity, (fresh.get(entity) ?? 0) + created.size) });
    }
    const toRead = [...ofThisKind].filter((id) => shown.has(id)).slice(0, maxSingleReads);
    await Promise.allSettled(
      toRead.map(async (id) => {
        const answer = await request<OneRecord>('GET', `/${plural}/${id}`);
        applyRecord(client, plural, answer.body.data);
      }),
    );
  }
};

const isChange = (value: unknown): value is ChangeEvent =>
  typeof value === 'object' && value !== null && 'entity' in value && 'id' in value && 'act' in value;

const readChange = (data: string): ChangeEvent | undefined => {
  const value: unknown = JSON.parse(data);
  return isChange(value) ? value : undefined;
};

interface Listener {
  readonly onChange: (change: ChangeEvent) => void;
  readonly onOperations: () => void;
  readonly onState: (isConnected: boolean) => void;
}

const againAfterMs = 3_000;

/**
 * Keeps the event stream open until the answered function is called. The browser reconnects by itself after a lost
 * connection, but gives up for good when the server answers with an error: then it is opened anew, from the last event.
 * A hidden tab lets go of it: browsers allow six connections to a server, and a seventh tab would wait for ever.
 */
const listen = ({ onChange, onOperations, onState }: Listener): (() => void) => {
  let last = '';
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stream: EventSource | undefined;
  const open = (): void => {
    const own = new EventSource(`/api/v1/events${queryString({ lastEventId: last })}`);
    stream = own;
    own.addEventListener('change', (event) => {
      last = event.lastEventId;
      const change = readChange(String(event.data));
      if (change !== undefined) onChange(change);
    });
    own.addEventListener('operations', onOperations);
    own.addEventListener('open', () => onState(true));
    own.addEventListener('error', () => {
      onState(false);
      if (own.readyState === EventSource.CLOSED) timer = setTimeout(open, againAfterMs);
    });
  };
  const close = (): void => {
    clearTimeout(timer);
    stream?.close();
    stream = undefined;
  };
  const onVisibility = (): void => {
    if (document.hidden) close();
    else if (stream === undefined) open();
  };
  document.addEventListener('visibilitychange', onVisibility);
  onVisibility();
  return () => {
    document.removeEventListener('visibilitychange', onVisibility);
    close();
  };
};

/** Hands on at most once in a while, however often it is called. */
const throttled = (work: () => void, everyMs: number): { readonly call: () => void; readonly stop: () => void } => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    call: () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        work();
      }, everyMs);
    },
    stop: () => clearTimeout(timer),
  };
};

/** Listens to the server's changes as long as the caller is on screen. */
export function useLiveUpdates(myId: string): void {
  const client = useQueryClient();
  useEffect(() => {
    let waiting: ChangeEvent[] = [];
    const flush = throttled(() => {
      const batch = waiting;
      waiting = [];
      void catchUp(client, batch);
    }, 300);
    // Counting is dear on a large table: not more than every few seconds, however much comes in.
    const recount = throttled(() => void client.invalidateQueries({ queryKey: ['counts'] }), 2_500);
    const stop = listen({
      onChange: (change) => {
        if (change.actor !== `user/${myId}` && change.actor.startsWith('user/')) {
          const by = { name: change.actorName ?? '', at: change.at, version: change.version };
          live.set({ remote: new Map(live.get().remote).set(change.id, by) });
        }
        waiting.push(change);
        flush.call();
        recount.call();
      },
      onOperations: () => void client.invalidateQueries({ queryKey: ['operations'] }),
      onState: (isConnected) => {
        // Away for a reason: the session may have ended, which the next answer tells.
        if (!isConnected && live.get().isConnected) void client.invalidateQueries({ queryKey: ['me'] });
        live.set({ isConnected });
      },
    });
    return () => {
      stop();
      flush.stop();
      recount.stop();
    };
  }, [client, myId]);
}
