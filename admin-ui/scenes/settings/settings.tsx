export function Settings() {
  return undefined;
}
