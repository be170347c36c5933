/** The clone's folder. */
export const root: string;
/** Where downloads are kept for all clones of this user. @throws Error naming the folders when none can be written. */
export function cacheFolder(): string;
