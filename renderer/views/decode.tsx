// A JWT, read on this machine; nothing of it leaves the page.
import { Page } from '../ui/page.tsx';

export function Decode() {
  return <Page title="Read a token">{null}</Page>;
}
