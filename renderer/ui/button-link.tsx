// A link to another view that looks like a button.
import buttons from './button.module.css';
import { classNames } from './class-names.ts';
import { Link, type LinkProps } from './link.tsx';

export interface ButtonLinkProps extends LinkProps {
  readonly variant?: 'primary' | 'plain' | 'quiet';
}

export function ButtonLink({ variant = 'plain', className, ...rest }: ButtonLinkProps) {
  return <Link {...rest} className={classNames(buttons.button, buttons[variant], className)} />;
}
