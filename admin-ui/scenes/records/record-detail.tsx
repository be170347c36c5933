export function RecordDetail() {
  return undefined;
}
