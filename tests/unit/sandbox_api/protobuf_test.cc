// Protobuf bodies as client-go writes them, against the JSON that it would have written.
#include <gtest/gtest.h>

#include "harness/sandbox/api/protobuf.h"

namespace holdfast::sandbox {
namespace {

// The wire format, written by hand.
std::string Varint(uint64_t value) {
  std::string out;
  while (value >= 0x80U) {
    out += static_cast<char>((value & 0x7FU) | 0x80U);
    value >>= 7U;
  }
  return out + static_cast<char>(value);
}
std::string Number(unsigned field, int64_t value) {
  return Varint(field << 3U) + Varint(static_cast<uint64_t>(value));
}
std::string Bytes(unsigned field, const std::string& value) {
  return Varint((field << 3U) | 2U) + Varint(value.size()) + value;
}
std::string Entry(unsigned field, const std::string& key, const std::string& value) {
  return Bytes(field, Bytes(1, key) + Bytes(2, value));
}
std::string Envelope(const std::string& version, const std::string& kind, const std::string& raw) {
  return std::string("k8s\0", 4) + Bytes(1, Bytes(1, version) + Bytes(2, kind)) + Bytes(2, raw) +
         Bytes(3, "") + Bytes(4, "");
}

std::string Set() {
  // Go writes empty strings and the zero time of fields that are no pointers.
  const std::string meta = Bytes(1, "web") + Bytes(2, "") + Bytes(3, "n") + Bytes(5, "") +
                           Number(7, 0) + Bytes(8, "") + Entry(11, "app", "web") +
                           Bytes(17, Bytes(1, "kubectl") + Bytes(4, Number(1, 1795164276)) +
                                         Bytes(7, Bytes(1, R"({"f:spec":{}})")));
  const std::string probe =
      Bytes(1, Bytes(2, Bytes(1, "/index.html") + Bytes(2, Number(1, 0) + Number(2, 80) + Bytes(3, "")) +
                            Bytes(3, ""))) +
      Number(2, 0) + Number(4, 1);
  const std::string container =
      Bytes(1, "main") + Bytes(2, "img:1") + Bytes(3, "sh") + Bytes(3, "-c") +
      Bytes(8, Entry(2, "cpu", Bytes(1, "100m"))) + Bytes(11, probe);
  const std::string pod =
      Bytes(1, Bytes(1, "home") + Bytes(2, Bytes(1, Bytes(1, "/tmp/home")))) +
      Bytes(1, Bytes(1, "empty") + Bytes(2, Bytes(2, ""))) + Bytes(2, container) + Number(4, 0);
  const std::string spec = Number(1, 0) + Bytes(2, Entry(1, "app", "web")) +
                           Bytes(3, Bytes(1, Entry(11, "app", "web")) + Bytes(2, pod)) +
                           Bytes(5, "web") + Bytes(7, Bytes(1, "RollingUpdate")) + Number(8, -1);
  return Envelope("apps/v1", "StatefulSet", Bytes(1, meta) + Bytes(2, spec) + Bytes(3, Number(2, 0)));
}

TEST(Protobuf, AStatefulSetIsWhatItsJsonWouldBe) {
  const auto set = JsonFromProtobuf(Set());
  ASSERT_TRUE(set) << set.error().message;
  const Json expected = ParseJson(R"({
    "apiVersion": "apps/v1", "kind": "StatefulSet",
    "metadata": {"name": "web", "namespace": "n", "labels": {"app": "web"},
      "managedFields": [{"manager": "kubectl", "time": "2026-11-20T08:44:36Z",
        "fieldsV1": {"f:spec": {}}}]},
    "spec": {"replicas": 0, "selector": {"matchLabels": {"app": "web"}},
      "template": {"metadata": {"labels": {"app": "web"}}, "spec": {
        "volumes": [{"name": "home", "hostPath": {"path": "/tmp/home"}},
                    {"name": "empty", "emptyDir": {}}],
        "containers": [{"name": "main", "image": "img:1", "command": ["sh", "-c"],
          "resources": {"requests": {"cpu": "100m"}},
          "readinessProbe": {"httpGet": {"path": "/index.html", "port": 80}, "periodSeconds": 1}}],
        "terminationGracePeriodSeconds": 0}},
      "serviceName": "web", "updateStrategy": {"type": "RollingUpdate"},
      "revisionHistoryLimit": -1}
  })").value();
  EXPECT_EQ(*set, expected) << DumpJson(*set, 1);
}

TEST(Protobuf, SecretsAreBase64AndPortsMayBeNames) {
  EXPECT_EQ(JsonFromProtobuf(Envelope("v1", "Secret", Entry(2, "k", std::string("\0\xFF", 2)))).value(),
            (Json{{"apiVersion", "v1"}, {"kind", "Secret"}, {"data", {{"k", "AP8="}}}}));
  const std::string port = Bytes(1, "web") + Number(3, 80) + Bytes(4, Number(1, 1) + Bytes(3, "http"));
  const auto service = JsonFromProtobuf(Envelope("v1", "Service", Bytes(2, Bytes(1, port))));
  ASSERT_TRUE(service) << service.error().message;
  EXPECT_EQ(service->at("spec").at("ports").at(0),
            (Json{{"name", "web"}, {"port", 80}, {"targetPort", "http"}}));
}

TEST(Protobuf, EventsOfBothGroupsDiffer) {
  const std::string stamp = Bytes(2, Number(1, 1795164276) + Number(2, 5000));
  const auto event = JsonFromProtobuf(Envelope("events.k8s.io/v1", "Event", stamp));
  ASSERT_TRUE(event) << event.error().message;
  EXPECT_EQ(GetString(*event, {"eventTime"}), "2026-11-20T08:44:36.000005Z");
}

TEST(Protobuf, WhatIsNoEnvelopeOrNoKindIsRefused) {
  EXPECT_EQ(JsonFromProtobuf("{}").error().http_status, 400);
  EXPECT_EQ(JsonFromProtobuf("").error().http_status, 400);
  EXPECT_EQ(JsonFromProtobuf(Envelope("x/v1", "Gadget", "")).error().http_status, 400);
  EXPECT_EQ(JsonFromProtobuf(Envelope("v1", "Secret", "\x0A\x7F")).error().http_status, 400);
}

TEST(Protobuf, AFieldFromTheFutureIsLeftOut) {
  const auto secret = JsonFromProtobuf(Envelope("v1", "Secret", Bytes(999, "new") + Bytes(3, "Opaque")));
  ASSERT_TRUE(secret) << secret.error().message;
  EXPECT_EQ(*secret, (Json{{"apiVersion", "v1"}, {"kind", "Secret"}, {"type", "Opaque"}}));
}

TEST(Protobuf, DamagedBytesNeverCrash) {
  const std::string whole = Set();
  for (size_t size = 0; size < whole.size(); size += 3)
    (void)JsonFromProtobuf(whole.substr(0, size));
  size_t refused = 0;
  for (size_t at = 0; at < whole.size(); at += 2)
    for (const unsigned bit : {1U, 0x80U}) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(static_cast<unsigned char>(damaged[at]) ^ bit);
      refused += JsonFromProtobuf(damaged) ? 0U : 1U;
    }
  EXPECT_GT(refused, 30U);
}

}  // namespace
}  // namespace holdfast::sandbox
