// Lays the timeline out from top to bottom, in two layers: behind and front.
#include "reports/timeline_svg.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "harness/base/strings.h"
#include "reports/text.h"

namespace holdfast::reports {
namespace {

constexpr double kWidth = 1120;
constexpr double kLeft = 96;  // Names of lanes.
constexpr double kRight = kWidth - 14;
constexpr double kLane = 24;
constexpr double kOperations = 78;
constexpr size_t kLanesDrawn = 40;
constexpr size_t kSpansDrawn = 400;  // Per lane.
constexpr size_t kMarksDrawn = 300;
constexpr size_t kFaultsDrawn = 100;
constexpr size_t kFaultRows = 4;
constexpr size_t kBars = 600;

std::string Escaped(std::string_view text, size_t limit) {
  return EscapeMarkup(Shorten(CleanText(Shorten(text, 2 * limit)), limit));
}

class Drawing {
 public:
  Drawing(const RunRecord& record, const TimelineView& view) : record_(record), view_(view) {
    length_ = std::max(view.end - view.begin, 0.001);
    AssignFaultRows();
  }

  std::string Render() {
    const double lanes_top = DrawHead();
    double y = lanes_top;
    const size_t lanes = std::min(record_.lanes.size(), kLanesDrawn);
    for (size_t i = 0; i < lanes; ++i, y += kLane)
      DrawLane(record_.lanes[i], y);
    if (record_.lanes.size() > lanes) {
      Text(kLeft, y + 14, "note", fmt::format("{} more pods", record_.lanes.size() - lanes));
      y += kLane;
    }
    y += 10;
    DrawOperations(y);
    y += kOperations + 8;
    DrawTicks(y);
    DrawBands(y);
    return fmt::format(R"(<svg class="timeline" role="img" aria-labelledby="{0}-t {0}-d" )"
                       R"(viewBox="0 0 {1:.0f} {2:.0f}">)"
                       R"(<title id="{0}-t">{3}</title><desc id="{0}-d">{4}</desc>)"
                       "\n{5}{6}</svg>\n",
                       view_.id, kWidth, y + 22, EscapeMarkup(view_.title), Description(), behind_,
                       front_);
  }

 private:
  [[nodiscard]] double X(double at) const {
    return kLeft + std::clamp((at - view_.begin) / length_, 0.0, 1.0) * (kRight - kLeft);
  }
  [[nodiscard]] bool Shown(double begin, double end) const {
    return end >= view_.begin && begin <= view_.end;
  }
  void Text(double x, double y, const char* css, const std::string& text) {
    front_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"{}\">{}</text>\n", x, y, css,
                          Escaped(text, 120));
  }

  [[nodiscard]] std::string Description() const {
    return fmt::format("{} pods and {} faults from {:.1f} s to {:.1f} s.", record_.lanes.size(),
                       faults_.size(), view_.begin, view_.end);
  }

  // Each name gets a row where it covers no other; one that finds none is left to the tooltip of its
  // band, and to the picture of its scenario.
  void AssignFaultRows() {
    std::array<std::vector<std::pair<double, double>>, kFaultRows> taken;
    for (const FaultBand& fault : record_.faults) {
      if (faults_.size() == kFaultsDrawn || !Shown(fault.begin, fault.end)) continue;
      const std::string label = fault.name + (fault.targets.empty() ? "" : " " + fault.targets) +
                                (fault.proven ? "" : " (not proven)");
      const double width = 7.0 * static_cast<double>(std::min<size_t>(label.size(), 60)) + 12;
      const double x = X(fault.begin);
      // Near the right edge the name stands left of its band's begin.
      const bool left_of = x + width > kRight;
      const std::pair<double, double> place = left_of ? std::pair(x - width, x)
                                                      : std::pair(x, x + width);
      const auto free = std::find_if(taken.begin(), taken.end(), [&](const auto& row) {
        return std::none_of(row.begin(), row.end(), [&](const auto& other) {
          return place.first < other.second && other.first < place.second;
        });
      });
      DrawnFault drawn{&fault, label, std::nullopt, left_of};
      if (free != taken.end()) {
        free->push_back(place);
        drawn.row = static_cast<size_t>(free - taken.begin());
        rows_ = std::max(rows_, *drawn.row + 1);
      } else {
        ++unnamed_;
      }
      faults_.push_back(std::move(drawn));
    }
  }

  // Fault names, marks of actions and of evidence; returns where the lanes begin.
  double DrawHead() {
    double y = 4;
    for (const DrawnFault& fault : faults_) {
      if (!fault.row) continue;
      const double x = X(fault.band->begin);
      const double top = y + 16 * static_cast<double>(*fault.row);
      front_ +=
          fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"fault-name{}\"{}>{}</text>\n",
                      fault.left_of ? x - 3 : x + 3, top + 12,
                      fault.band->proven ? "" : " unproven",
                      fault.left_of ? " text-anchor=\"end\"" : "", Escaped(fault.label, 60));
    }
    if (unnamed_ > 0)
      Text(4, y + 12, "note", fmt::format("+{} faults", unnamed_));
    bands_top_ = y;
    y += 16 * static_cast<double>(rows_);
    y = DrawMarks(y, "actions", "action", record_.actions);
    if (!record_.gaps.empty()) y = DrawMarks(y, "watch gaps", "gap", record_.gaps);
    std::vector<Mark> evidence;
    for (const auto& [place, mark] : record_.evidence) {
      if (mark.at >= 0)
        evidence.push_back(
            {mark.at, fmt::format("{}:{} {}", place.first, place.second, mark.text)});
    }
    if (!evidence.empty()) y = DrawMarks(y, "evidence", "evidence", evidence);
    return y + 4;
  }

  double DrawMarks(double y, const char* name, const char* css, const std::vector<Mark>& marks) {
    Text(4, y + 13, "lane-name", name);
    size_t drawn = 0;
    for (const Mark& mark : marks) {
      if (!Shown(mark.at, mark.at) || ++drawn > kMarksDrawn) continue;
      const double x = X(mark.at);
      front_ += fmt::format(
          "<path class=\"{}\" d=\"M{:.1f} {:.1f}l5 9h-10z\"><title>{:.3f} s: {}</title></path>\n",
          css, x, y + 4, mark.at, Escaped(mark.text, 200));
    }
    return y + 18;
  }

  void DrawLane(const PodLane& lane, double y) {
    Text(4, y + 15, "lane-name", Shorten(OneLine(lane.name), 16));
    behind_ += fmt::format(
        "<rect class=\"lane\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"18\"/>\n", kLeft,
        y + 2, kRight - kLeft);
    size_t drawn = 0;
    std::string uid;
    for (const PodSpan& span : lane.spans) {
      const bool is_new = span.uid != uid;
      uid = span.uid;
      if (!Shown(span.begin, span.end) || ++drawn > kSpansDrawn) continue;
      DrawSpan(lane, span, y);
      if (is_new) DrawBirth(span, y);
    }
  }

  void DrawSpan(const PodLane& lane, const PodSpan& span, double y) {
    static const std::vector<std::string> kStates = {"pending", "running", "ready", "terminating",
                                                     "failed"};
    const bool known = std::find(kStates.begin(), kStates.end(), span.state) != kStates.end();
    const double x = X(span.begin);
    front_ += fmt::format(
        "<rect class=\"pod {}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"18\"><title>{} "
        "{} from {:.3f} s to {:.3f} s, uid {}</title></rect>\n",
        known ? span.state : "pending", x, y + 2, std::max(X(span.end) - x, 1.0),
        Escaped(lane.name, 80), Escaped(span.state, 20), span.begin, span.end,
        Escaped(span.uid, 60));
  }

  // A line and the first letters of the uid where another pod of the name begins.
  void DrawBirth(const PodSpan& span, double y) {
    const double x = X(span.begin);
    if (span.begin >= view_.begin)
      front_ += fmt::format("<path class=\"birth\" d=\"M{:.1f} {:.1f}v22\"/>\n", x, y);
    const std::string shown = OneLine(span.uid).substr(0, 4);
    front_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"uid\">{}</text>\n", x + 3,
                          y + 15, EscapeMarkup(shown));
  }

  // The buckets of the view, joined so that there are at most kBars.
  void DrawOperations(double y) {
    constexpr double kStep = OperationBuckets::kWidth;
    const double width = kStep * std::ceil(std::max(length_ / kStep / kBars, 1.0));
    const auto bars = static_cast<size_t>(std::ceil(length_ / width)) + 1;
    const double first = std::floor(view_.begin / width) * width;
    std::vector<std::array<int64_t, 3>> sums(bars + 1);
    int64_t highest = 1;
    for (size_t i = 0; i < record_.operations.counts.size(); ++i) {
      const double at = static_cast<double>(i) * kStep;
      if (at + kStep <= view_.begin || at >= view_.end) continue;
      const auto bar = static_cast<size_t>(std::max(0.0, std::floor((at - first) / width + 1e-9)));
      auto& sum = sums[std::min(bar, bars)];
      for (size_t kind = 0; kind < 3; ++kind)
        sum[kind] += record_.operations.counts[i][kind];
      highest = std::max(highest, sum[0] + sum[1] + sum[2]);
    }
    Text(4, y + 12, "lane-name", "operations");
    Text(4, y + 27, "note", fmt::format("max {:.0f}/s", static_cast<double>(highest) / width));
    behind_ += fmt::format(
        "<rect class=\"lane\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>\n",
        kLeft, y, kRight - kLeft, kOperations);
    for (size_t bar = 0; bar < sums.size(); ++bar)
      DrawBar(sums[bar], first + static_cast<double>(bar) * width, width, highest, y + kOperations);
  }

  void DrawBar(const std::array<int64_t, 3>& sum,
               double begin,
               double width,
               int64_t highest,
               double bottom) {
    static const char* const kNames[] = {"ok", "failed", "unknown"};
    const double x = X(begin);
    const double wide = std::max(X(begin + width) - x - 0.4, 0.6);
    for (size_t kind = 0; kind < 3; ++kind) {
      if (sum[kind] == 0) continue;
      // One failed operation among thousands must still be seen.
      const double high = std::max(
          static_cast<double>(sum[kind]) / static_cast<double>(highest) * (kOperations - 8),
          kind == 0 ? 0.5 : 3.0);
      bottom -= high;
      front_ += fmt::format(
          "<rect class=\"op {}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
          "height=\"{:.1f}\"><title>{:.1f} s: {} ok, {} failed, {} unknown</title></rect>\n",
          kNames[kind], x, bottom, wide, high, begin, sum[0], sum[1], sum[2]);
    }
  }

  void DrawTicks(double y) {
    double step = std::pow(10, std::floor(std::log10(length_ / 8)));
    for (const double factor : {2.0, 2.5, 2.0}) {
      if (length_ / step <= 12) break;
      step *= factor;
    }
    for (double at = std::ceil(view_.begin / step) * step; at <= view_.end; at += step) {
      behind_ +=
          fmt::format("<path class=\"tick\" d=\"M{:.1f} {:.1f}V{:.1f}\"/>\n", X(at), bands_top_, y);
      front_ += fmt::format(
          "<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"note\" text-anchor=\"middle\">{:g} s</text>\n",
          X(at), y + 14, std::abs(at) < 1e-9 ? 0.0 : at);
    }
  }

  void DrawBands(double bottom) {
    for (const DrawnFault& fault : faults_) {
      const double x = X(fault.band->begin);
      behind_ += fmt::format(
          "<rect class=\"band{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
          "height=\"{:.1f}\"><title>{} from {:.3f} s to {:.3f} s: {}</title></rect>\n",
          fault.band->proven ? "" : " unproven", x, bands_top_,
          std::max(X(fault.band->end) - x, 2.0), bottom - bands_top_, Escaped(fault.label, 120),
          fault.band->begin, fault.band->end, Escaped(fault.band->proof, 200));
    }
  }

  struct DrawnFault {
    const FaultBand* band;
    std::string label;
    std::optional<size_t> row;  // Of its name; none: there is no room.
    bool left_of = false;
  };

  const RunRecord& record_;
  const TimelineView& view_;
  double length_ = 1;
  double bands_top_ = 0;
  size_t rows_ = 0;
  size_t unnamed_ = 0;
  std::vector<DrawnFault> faults_;
  std::string behind_;  // Drawn first.
  std::string front_;
};

}  // namespace

std::string RenderTimeline(const RunRecord& record, const TimelineView& view) {
  return Drawing(record, view).Render();
}

}  // namespace holdfast::reports
