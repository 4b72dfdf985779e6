/** Tables of docs/advise.md, made from the advisor's own data. */
import type { RuleSource } from '../src/advisor/advice.ts';
import { FACT_IDS, fieldOf } from '../src/advisor/profile/fields/index.ts';
import { describeCondition } from '../src/advisor/scorecard/condition.ts';
import { CONSTRAINTS } from '../src/advisor/scorecard/constraints.ts';
import { DIMENSIONS } from '../src/advisor/scorecard/rules/index.ts';

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

function standsOn({ by, sentence }: RuleSource): string {
  return `${by}: "${sentence}"`;
}

export function questionReference(): string {
  const rows = FACT_IDS.map((id) => {
    const field = fieldOf(id);
    const takes =
      'options' in field
        ? Object.entries(field.options)
            .map(([value, meaning]) => `\`${value}\`: ${meaning}`)
            .join('; ')
        : field.kind === 'number'
          ? field.unit
          : field.kind === 'flag'
            ? '`true` or `false`'
            : `a list, e.g. ${field.example}`;
    return [`\`${id}\``, field.question, takes, field.why];
  });
  return table(['fact', 'question', 'takes', 'why it is asked'], rows);
}

export function constraintReference(): string {
  const rows = CONSTRAINTS.map(({ id, targets, when, reason, source }) => [
    `\`${id}\``,
    describeCondition(when),
    targets.join(', '),
    `${reason} ${standsOn(source)}`,
  ]);
  return table(['constraint', 'when', 'rules out', 'why'], rows);
}

export function ruleReference(): string {
  const rows = DIMENSIONS.flatMap(({ id, rules }) =>
    rules.flatMap((rule) =>
      rule.cases.map(({ when, points }, index) => [
        id,
        index === 0 ? `\`${rule.id}\`` : '',
        describeCondition(when),
        Object.entries(points)
          .map(([target, value]) => `${target} ${value > 0 ? '+' : ''}${value}`)
          .join(', '),
        index === 0 ? standsOn(rule.source) : '',
      ]),
    ),
  );
  return table(['dimension', 'rule', 'case', 'points', 'stands on'], rows);
}
