export function Operate() {
  return undefined;
}
