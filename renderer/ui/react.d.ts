// Lets `style` carry custom properties: React sets them one by one through the object model, which the page's policy allows.
import 'react';

declare module 'react' {
  interface CSSProperties {
    [name: `--${string}`]: string | number | undefined;
  }
}
