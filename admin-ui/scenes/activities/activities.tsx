export function Activities() {
  return undefined;
}
