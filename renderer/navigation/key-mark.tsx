// The mark of the program: a key.

export function KeyMark({ size = 18 }: { readonly size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 32 32"
      fill="none"
      stroke="currentColor"
      strokeWidth="2.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <circle cx="10" cy="16" r="6" />
      <path d="M16 16h12v6M23 16v4" />
    </svg>
  );
}
