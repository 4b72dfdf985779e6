/** The look of a report: system fonts, one accent, light and dark from the system, fit for paper and phone. */
export const STYLE = `
:root{color-scheme:light dark;--ink:#1a1d21;--soft:#5b6470;--line:#d9dde3;--paper:#fff;--card:#f6f7f9;--accent:#0b62d6;--good:#0f7b4f;--warn:#9a5b00;--bad:#b3261e;
--c1:#0b62d6;--c2:#8a4fd0;--c3:#b45309;--c4:#0f7b6c}
@media (prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#a3abb6;--line:#363b43;--paper:#14161a;--card:#1d2025;--accent:#6ba5ff;--good:#58c491;--warn:#e0a44a;--bad:#ff8a80;
--c1:#6ba5ff;--c2:#c29bff;--c3:#f0a35e;--c4:#5cc9b7}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif;font-variant-numeric:tabular-nums}
main{max-width:880px;margin:0 auto;padding:32px 20px 64px}
h1{font-size:26px;line-height:1.25;margin:4px 0 12px;text-wrap:balance}h2{font-size:18px;margin:40px 0 8px}h3{font-size:15px;margin:16px 0 4px}
p{margin:6px 0;max-width:70ch}.soft,figcaption,small{color:var(--soft)}.eyebrow{color:var(--soft);font-size:13px;margin:0}
a{color:var(--accent)}code{font:13px ui-monospace,SFMono-Regular,Menlo,monospace;background:var(--card);padding:2px 5px;border-radius:4px;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;font-size:14px}th,td{text-align:left;vertical-align:top;padding:6px 10px 6px 0;border-bottom:1px solid var(--line)}thead th{color:var(--soft);font-weight:500;font-size:13px}td.n,th.n{text-align:right;white-space:nowrap}
.scroll{overflow-x:auto}details{margin:10px 0}summary{cursor:pointer;color:var(--soft)}
.chart{width:100%;height:auto;display:block}.chart text{fill:var(--soft);font:12px system-ui,sans-serif}.chart .grid{stroke:var(--line)}
.series .band{fill:currentColor;opacity:.13}.series .line{fill:none;stroke:currentColor;stroke-width:2}
.legend{display:flex;flex-wrap:wrap;gap:4px 16px;max-width:none;font-size:13px}.legend i{display:inline-block;width:12px;height:12px;border-radius:3px;background:currentColor;margin-right:6px;vertical-align:-1px}
.hosted-api{color:var(--c1)}.private-deployment{color:var(--c2)}.self-hosted{color:var(--c3)}.hybrid{color:var(--c4)}.fine-tuned-api,.fine-tuned-self-hosted,.specialist{color:var(--soft)}
.today rect{fill:var(--soft);opacity:.1}.today line{stroke:var(--ink);stroke-dasharray:3 3}.chart .note{fill:var(--ink)}.crossing line{stroke:currentColor;stroke-dasharray:1 4;stroke-width:2}
.path{list-style:none;margin:12px 0;padding:0}.path li{position:relative;margin:0;padding:0 0 20px 34px}.path li::before{content:"";position:absolute;left:9px;top:22px;bottom:-2px;width:2px;background:var(--accent)}
.path li:last-child::before{display:none}.path .dot{position:absolute;left:0;top:2px;width:20px;height:20px;border-radius:50%;border:2px solid var(--accent);background:var(--paper);text-align:center;font-size:12px;line-height:16px}
.path .end .dot{background:var(--accent);color:var(--paper)}.path .unknown .dot{border-style:dashed;border-color:var(--warn)}
.branches{display:flex;gap:8px;flex-wrap:wrap;margin:6px 0}.branch{border:1px solid var(--line);border-radius:6px;padding:3px 9px;color:var(--soft);font-size:13px}.branch.taken{border-color:var(--accent);color:var(--ink);background:color-mix(in srgb,var(--accent) 12%,transparent);font-weight:600}
.evidence{font-size:13px;color:var(--soft);margin:2px 0}
.bar{position:relative;height:10px;background:var(--card);border-radius:5px;min-width:90px}.bar i{position:absolute;top:0;bottom:0;background:var(--accent);opacity:.35;border-radius:5px}.bar b{position:absolute;top:-2px;bottom:-2px;width:2px;background:var(--ink)}
.tag{display:inline-block;border-radius:4px;padding:1px 7px;font-size:12px;background:var(--card);color:var(--soft)}.tag.now{color:var(--good)}.tag.excluded{color:var(--bad)}.warn{color:var(--warn)}.bad{color:var(--bad)}
th small{font-weight:400}
.steps{counter-reset:s;list-style:none;padding:0}.steps li{counter-increment:s;position:relative;padding:0 0 14px 34px}.steps li::before{content:counter(s);position:absolute;left:0;top:0;width:22px;height:22px;border-radius:50%;background:var(--card);text-align:center;font-weight:600;font-size:13px;line-height:22px}
.grid2{display:grid;grid-template-columns:repeat(auto-fit,minmax(240px,1fr));gap:16px}.card{background:var(--card);border-radius:8px;padding:12px 14px}
@media print{:root{--card:#f3f3f3}main{max-width:none;padding:0}h2{break-after:avoid}table,svg,li{break-inside:avoid}details{display:none}}
@media (max-width:520px){main{padding:20px 14px 48px}h1{font-size:21px}.chart text{font-size:17px}}
`;
