// The timeline of a run as one SVG picture: faults as bands, actions and evidence as marks, one
// lane per pod, operations per second below. Works without script; of bounded size for any run.
#ifndef HOLDFAST_REPORTS_TIMELINE_SVG_H_
#define HOLDFAST_REPORTS_TIMELINE_SVG_H_

#include <string>

#include "reports/run_record.h"

namespace holdfast::reports {

struct TimelineView {
  double begin = 0;  // Seconds since the run began.
  double end = 0;
  std::string id;     // Unique in the page: [a-z0-9-].
  std::string title;  // For screen readers.
};

// The <svg> element. Colours come from the page's style sheet by class.
std::string RenderTimeline(const RunRecord& record, const TimelineView& view);

}  // namespace holdfast::reports

#endif  // HOLDFAST_REPORTS_TIMELINE_SVG_H_
