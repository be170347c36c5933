import { hash, randomBytes } from 'node:crypto';

/**
 * A secret of 256 random bits: nobody can guess or forge one, so it needs no signature, and a plain SHA-256 is a safe way to store it.
 */
export const newToken = (): string => randomBytes(32).toString('base64url');

/** How tokens and keys are stored and found. */
export const hashToken = (token: string): string => hash('sha256', token, 'hex');
