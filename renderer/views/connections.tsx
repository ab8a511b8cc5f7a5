// All connections, and one of them in detail.
import { Page } from '../ui/page.tsx';

export function Connections({ id: _id }: { readonly id: string | undefined }) {
  return <Page title="Connections">{null}</Page>;
}
