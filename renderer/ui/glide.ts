// Rows that make room for a new one glide there instead of jumping: a transform holds each where it was and lets go.
// For lists that change by themselves. With reduced motion they are simply there.
import { type RefObject, useLayoutEffect, useRef } from 'react';

/** As long as every other motion of the window. */
const GLIDE_MS = 120;

/** Follows the elements under `list` that carry `data-glide`; the value tells them apart. */
export function useGlide(list: RefObject<HTMLElement | null>): void {
  const places = useRef(new Map<string, number>());
  useLayoutEffect(() => {
    const before = places.current;
    const after = new Map<string, number>();
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    for (const row of list.current?.querySelectorAll<HTMLElement>('[data-glide]') ?? []) {
      const name = row.dataset.glide ?? '';
      const was = before.get(name);
      const is = row.offsetTop;
      after.set(name, is);
      if (was === undefined || was === is || still) continue;
      row.animate([{ transform: `translateY(${was - is}px)` }, { transform: 'translateY(0)' }], {
        duration: GLIDE_MS,
        // One that begins while another is under way goes on from where the row is seen.
        composite: 'add',
      });
    }
    places.current = after;
  });
}
