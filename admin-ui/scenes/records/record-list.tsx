export function RecordList() {
  return undefined;
}
