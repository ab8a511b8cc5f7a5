// Menus as data, and the tray that shows one. Rows are read and pressed by the test; roles do what their names say.
import { app } from './app.ts';
import { loadImage, type NativeImage } from './image.ts';
import { needsReady } from './moment.ts';
import { strict } from './strict.ts';
import { toTest } from './to-test.ts';

export interface Row {
  readonly label: string;
  readonly type: string;
  readonly enabled: boolean;
  readonly checked?: boolean;
  readonly sublabel?: string;
  readonly submenu?: readonly Row[];
}

type ItemOptions = Electron.MenuItemConstructorOptions;
type Click = (item: MenuItem, window: undefined, event: object) => void;

export class MenuItem extends strict('MenuItem') {
  readonly id: string;
  readonly type: string;
  readonly role: string | undefined;
  readonly submenu: Menu | undefined;
  readonly click: Click;
  label: string;
  sublabel: string;
  enabled: boolean;
  visible: boolean;
  checked: boolean;

  constructor(options: ItemOptions) {
    super();
    const { submenu, role } = options;
    this.submenu = Array.isArray(submenu) ? Menu.buildFromTemplate(submenu) : (submenu as Menu | undefined);
    this.id = options.id ?? '';
    this.role = role;
    this.type = options.type ?? (submenu === undefined ? 'normal' : 'submenu');
    this.label = options.label ?? role ?? '';
    this.sublabel = options.sublabel ?? '';
    this.enabled = options.enabled ?? true;
    this.visible = options.visible ?? true;
    this.checked = options.checked ?? false;
    const click = options.click as Click | undefined;
    this.click = (...given) => {
      if (this.type === 'checkbox') this.checked = !this.checked;
      if (role === 'quit') app.quit();
      click?.(...given);
    };
    if (this.type !== 'separator' && this.label === '')
      throw new Error("Invalid template for MenuItem: must have either 'label', 'role' or 'type'");
  }
}

export class Menu extends strict('Menu') {
  readonly items: MenuItem[] = [];
  static #application: Menu | null = null;

  append(item: MenuItem): void {
    this.items.push(item);
  }

  insert(position: number, item: MenuItem): void {
    this.items.splice(position, 0, item);
  }

  getMenuItemById(id: string): MenuItem | null {
    for (const item of this.items) {
      const found = item.id === id ? item : item.submenu?.getMenuItemById(id);
      if (found) return found;
    }
    return null;
  }

  static buildFromTemplate(template: (ItemOptions | MenuItem)[]): Menu {
    const menu = new Menu();
    for (const one of template) menu.append(one instanceof MenuItem ? one : new MenuItem(one));
    return menu;
  }

  static setApplicationMenu(menu: Menu | null): void {
    Menu.#application = menu;
  }

  static getApplicationMenu(): Menu | null {
    return Menu.#application;
  }
}

let current: Tray | undefined;
let trayOf: { menu(): Menu | undefined; icon(): string; tooltip(): string };

export class Tray extends strict('Tray') {
  #image: NativeImage;
  #tooltip = '';
  #menu: Menu | undefined;
  #destroyed = false;

  constructor(image: NativeImage | string) {
    needsReady('Cannot create Tray before app is ready');
    // Linux shows only the first one, and KDE keeps a dead icon of a destroyed one.
    if (current !== undefined) throw new Error('stand-in: there is one Tray for life');
    super();
    this.#image = loadImage(image);
    current = this;
  }

  setImage(image: NativeImage | string): void {
    this.#alive();
    this.#image = loadImage(image);
  }

  setPressedImage(): void {
    this.#alive();
  }

  setToolTip(text: string): void {
    this.#alive();
    this.#tooltip = text;
  }

  setTitle(): void {
    this.#alive();
  }

  setIgnoreDoubleClickEvents(): void {
    this.#alive();
  }

  setContextMenu(menu: Menu | null): void {
    this.#alive();
    this.#menu = menu ?? undefined;
    changes += 1;
  }

  isDestroyed(): boolean {
    return this.#destroyed;
  }

  destroy(): void {
    this.#destroyed = true;
  }

  #alive(): void {
    if (this.#destroyed) throw new TypeError('Tray is destroyed');
  }

  static {
    trayOf = {
      menu: () => (current === undefined || current.#destroyed ? undefined : current.#menu),
      icon: () => (current === undefined ? '' : current.#image.source),
      tooltip: () => (current === undefined ? '' : current.#tooltip),
    };
  }
}

/** How often the whole menu was replaced. */
let changes = 0;

function rowsOf(menu: Menu | undefined): Row[] {
  return (menu?.items ?? []).filter(({ visible }) => visible).map(rowOf);
}

function rowOf({ label, type, enabled, checked, sublabel, submenu }: MenuItem): Row {
  return {
    label,
    type,
    enabled,
    ...(type === 'checkbox' || type === 'radio' ? { checked } : {}),
    ...(sublabel === '' ? {} : { sublabel }),
    ...(submenu === undefined ? {} : { submenu: rowsOf(submenu) }),
  };
}

toTest.on('tray.rows', () => rowsOf(trayOf.menu()));
toTest.on('tray.icon', () => trayOf.icon());
toTest.on('tray.tooltip', () => trayOf.tooltip());
toTest.on('tray.changes', () => changes);
toTest.on('tray.click', () => current?.emit('click', {}, {}, {}));
/** A person's click on the row at this place among the visible ones, level by level. */
toTest.on('tray.press', (places: number[]) => {
  let menu = trayOf.menu();
  for (const [level, place] of places.entries()) {
    const item = menu?.items.filter(({ visible }) => visible)[place];
    if (item === undefined) throw new Error('there is no such row any more');
    if (!item.enabled) throw new Error(`the row ${JSON.stringify(item.label)} is disabled`);
    if (level === places.length - 1) item.click(item, undefined, {});
    menu = item.submenu;
  }
});
