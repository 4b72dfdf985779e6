/** One stroke weight, 16 px grid. */
const PATHS = {
  overview: 'M2 12.500l3.500-5 3 3L14 3.500M2 14.500h12',
  tasks: 'M2.500 4h1M6 4h7.500M2.500 8h1M6 8h7.500M2.500 12h1M6 12h7.500',
  stack: 'M2 4h4c3 0 3 8 6 8h2M2 12h4c1.500 0 2-2 2.700-4M11.500 4H14',
  batches: 'M2.500 10.500h11v3h-11zM3.500 6.500h9v4h-9zM4.500 2.500h7v4h-7z',
  calls: 'M2 3.500h8M2 8h12M5 12.500h7',
  costs:
    'M8 2v12M11 4.800C10.500 3.700 9.400 3.400 8 3.400c-1.700 0-3 .8-3 2.200 0 3.200 6.200 1.500 6.200 4.700 0 1.500-1.400 2.300-3.200 2.300-1.600 0-2.800-.6-3.300-1.800',
  feedback: 'M2.500 3h11v8h-6l-3 2.500V11h-2zM5.500 7l1.700 1.500L10.500 5.500',
  advisor: 'M8 14V9.500M8 9.500L3.500 5M8 9.500L12.500 5M3.500 8V5h3M9.500 5h3v3',
  portfolio: 'M2.500 2v11.500H14M6 10.500a1 1 0 1 0 0-.01M10.500 7.500a2.500 2.500 0 1 0 0-.01',
  roadmap: 'M2.500 12.500h3v-4h4v-4h4M11.500 2.500l2 2-2 2',
  keys: 'M10.500 5.500a3 3 0 1 1-3 3M7.500 8.500L2.500 13.500M4 12l1.500 1.500',
  search: 'M7 2.500a4.500 4.500 0 1 0 0 9 4.500 4.500 0 0 0 0-9zM10.300 10.300L14 14',
  out: 'M6.500 2.500h-4v11h4M7 8h7M11 5l3 3-3 3',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg width="16" height="16" viewBox="0 0 16 16" fill="none" aria-hidden="true" focusable="false">
      <path
        d={PATHS[name]}
        stroke="currentColor"
        strokeWidth="1.500"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
