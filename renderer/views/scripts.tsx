// The keys of scripts: make, look, remove.
import { Page } from '../ui/page.tsx';

export function Scripts() {
  return <Page title="Scripts">{null}</Page>;
}
