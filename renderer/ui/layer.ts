// Where menus open: inside the main part of the page, so that who goes by landmarks finds them.
import { createRef } from 'react';

export const layer = createRef<HTMLElement>();
