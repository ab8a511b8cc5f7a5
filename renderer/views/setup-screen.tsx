// Written next.
import { Screen } from './screen.tsx';

export function SetupScreen() {
  return <Screen title="">{null}</Screen>;
}
