// Written next.
import { Screen } from './screen.tsx';

export function LockScreen() {
  return <Screen title="">{null}</Screen>;
}
