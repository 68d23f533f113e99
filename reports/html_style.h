// The style sheet of the HTML report: one palette for light, one for dark.
#ifndef HOLDFAST_REPORTS_HTML_STYLE_H_
#define HOLDFAST_REPORTS_HTML_STYLE_H_

namespace holdfast::reports {

inline constexpr const char* kHtmlStyle = R"css(
:root { color-scheme: light dark; --page: #fbfbfa; --card: #fff; --text: #1c2126; --soft: #5b6670;
  --line: #d9dee3;
  --lane: #eef1f3; --pass: #1a7f37; --fail: #c62828; --unknown: #9a6700;
  --pending: #c8ced4; --running: #6aa5e3; --ready: #3f9c5c; --terminating: #e0982f;
  --band: #c62828; --birth: #1c2126; --on-bar: #10151a; }
@media (prefers-color-scheme: dark) { :root { --page: #14181c; --card: #1b2126; --text: #e6eaee;
  --soft: #9aa6b1; --line: #333c45; --lane: #232a31; --pass: #57c278; --fail: #ff7b72;
  --unknown: #e3b341; --pending: #59636e; --running: #4b83bd; --ready: #3b8f57;
  --terminating: #c07f22; --band: #ff7b72; --birth: #e6eaee; --on-bar: #f4f7fa; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1180px; padding: 24px 20px 60px; background: var(--page);
  color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 22px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 32px 0 8px; }
h3 { font-size: 15px; margin: 16px 0 4px; }
p { margin: 4px 0; }
code, .mono { font: 13px/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
.soft { color: var(--soft); }
header { border-left: 6px solid var(--unknown); padding: 4px 0 4px 16px; }
header.pass { border-color: var(--pass); } header.fail { border-color: var(--fail); }
.word { font-weight: 700; white-space: nowrap; } .word.pass { color: var(--pass); }
.word.fail { color: var(--fail); } .word.unknown { color: var(--unknown); }
.word.not-applicable { color: var(--soft); font-weight: 400; }
table { border-collapse: collapse; width: 100%; background: var(--card);
  border: 1px solid var(--line); }
th, td { text-align: left; vertical-align: top; padding: 6px 10px;
  border-top: 1px solid var(--line); overflow-wrap: anywhere; }
thead th { font-weight: 600; color: var(--soft); } .facts th { width: 160px; font-weight: 400;
  color: var(--soft); }
td:first-child { width: 124px; } .guarantees td:nth-child(2) { width: 250px; }
.problem { background: var(--card); border: 1px solid var(--line); border-left: 4px solid
  var(--unknown); padding: 8px 14px; margin: 8px 0; } .problem.fail { border-left-color:
  var(--fail); }
ul { margin: 4px 0 4px 18px; padding: 0; } details { margin: 8px 0; }
summary { cursor: pointer; color: var(--soft); }
.picture { overflow-x: auto; background: var(--card); border: 1px solid var(--line); padding: 8px; }
svg.timeline { display: block; width: 100%; min-width: 720px; height: auto; }
svg text { font: 12px system-ui, sans-serif; fill: var(--text); } svg .note { fill: var(--soft); }
svg .uid { font: 10px ui-monospace, monospace; fill: var(--on-bar); }
svg .fault-name { fill: var(--fail); font-weight: 600; } svg .fault-name.unproven { fill:
  var(--unknown); }
.lane { fill: var(--lane); } .tick { stroke: var(--line); fill: none; }
.band { fill: var(--band); opacity: .14; } .band.unproven { fill: var(--unknown); }
.birth { stroke: var(--birth); stroke-width: 1.6; fill: none; }
.pending { fill: var(--pending); } .running { fill: var(--running); } .ready { fill: var(--ready); }
.terminating { fill: var(--terminating); } .failed { fill: var(--fail); }
.op.ok { fill: var(--ready); } .op.failed { fill: var(--fail); }
.op.unknown { fill: var(--terminating); }
.action { fill: var(--soft); } .gap { fill: var(--unknown); } .evidence { fill: var(--fail); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 6px 0; color: var(--soft);
  font-size: 13px; } .legend svg { width: 12px; height: 12px; vertical-align: -1px; }
@media print { body { max-width: none; } details > * { display: block; } }
)css";

}  // namespace holdfast::reports

#endif  // HOLDFAST_REPORTS_HTML_STYLE_H_
