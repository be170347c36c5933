import type { ReactNode } from 'react';
import { useEntities, useSession } from '../api/queries.ts';
import { ForbiddenFace } from './faces.tsx';

interface ReadableProps {
  readonly entity: string;
  readonly children: ReactNode;
}

/** Shows its content to those who may read the entity; the server sends others no schema of it. */
export function Readable({ entity, children }: ReadableProps) {
  const session = useSession();
  const isKnown = useEntities().byName.has(entity);
  return isKnown && session.can[entity]?.['read'] !== false ? children : <ForbiddenFace />;
}
