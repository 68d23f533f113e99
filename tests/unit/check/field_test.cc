// One field of one event altered, everywhere in the recordings: the rest of the record says otherwise, so
// it is never green.
#include <map>

#include <gtest/gtest.h>

#include "harness/base/random.h"

#include "tests/unit/check/recorded.h"

namespace holdfast::check {
namespace {

constexpr const char* kOther = "11111111-2222-3333-4444-555555555555";

struct Field {
  const char* resource;
  const char* pointer;
  Json value;  // A number is added to what stands there.
};

std::vector<Field> Fields() {
  return {
      {"pods", "/metadata/uid", kOther},
      {"pods", "/metadata/ownerReferences/0/uid", kOther},
      {"pods", "/metadata/labels/statefulset.kubernetes.io~1pod-name", "web-7"},
      {"pods", "/metadata/labels/apps.kubernetes.io~1pod-index", "7"},
      {"pods", "/metadata/labels/controller-revision-hash", "web-ffff"},
      {"pods", "/spec/nodeName", "node-z"},
      {"pods", "/spec/hostname", "web-9"},
      {"pods", "/spec/subdomain", "other"},
      {"pods", "/status/containerStatuses/0/containerID", "test://other"},
      {"statefulsets", "/metadata/uid", kOther},
      {"statefulsets", "/spec/replicas", -1},
      {"statefulsets", "/spec/serviceName", "other"},
      {"statefulsets", "/spec/updateStrategy/rollingUpdate/partition", 1},
      {"persistentvolumeclaims", "/metadata/uid", kOther},
      {"persistentvolumeclaims", "/metadata/name", "data-web-9"},
      {"persistentvolumeclaims", "/spec/volumeName", "pvc-x"},
      {"persistentvolumeclaims", "/status/phase", "Lost"},
      {"persistentvolumes", "/metadata/uid", kOther},
      {"persistentvolumes", "/spec/claimRef/uid", kOther},
      {"persistentvolumes", "/spec/claimRef/name", "data-web-9"},
      {"controllerrevisions", "/revision", 5},
  };
}

// False when the event has no such field, or it says that already.
bool Alter(Line& line, const Field& field) {
  const Json::json_pointer pointer(field.pointer);
  Json& object = ObjectOf(line);
  if (!object.contains(pointer)) return false;
  Json& value = object[pointer];
  const Json before = value;
  if (field.value.is_number() && value.is_number())
    value = value.get<int64_t>() + field.value.get<int64_t>();
  else
    value = field.value;
  return value != before;
}

TEST(Fields, OneAlteredIsNeverGreen) {
  constexpr int kPlaces = 4;  // Of each field in each recording.
  std::map<std::string, int> tried;
  Random random(23);
  for (const Recording& recording : Recordings()) {
    if (CheckTrace(recording.Text()).exit != 0) continue;
    for (const Field& field : Fields()) {
      std::vector<size_t> places = Events(recording, field.resource);
      for (int i = 0; i < kPlaces && !places.empty();) {
        const size_t chosen = random.Below(places.size());
        const size_t at = places[chosen];
        places.erase(places.begin() + static_cast<std::ptrdiff_t>(chosen));
        Recording copy = recording;
        if (!Alter(copy.lines[at], field)) continue;
        ++i;
        ++tried[std::string(field.resource) + field.pointer];
        EXPECT_NE(CheckTrace(copy.Text()).exit, 0)
            << recording.name << " line " << at + 1 << ": " << field.resource << field.pointer;
      }
    }
  }
  for (const auto& [name, count] : tried)
    std::printf("%-80s %d copies\n", name.c_str(), count);
  EXPECT_GE(tried.size(), 15U);
}

}  // namespace
}  // namespace holdfast::check
