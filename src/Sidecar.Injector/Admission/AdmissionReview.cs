using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sidecar.Injector.Injection;

namespace Sidecar.Injector.Admission;

/// <summary>What the API server asks about (admission.k8s.io/v1). Everything in it but the envelope comes from whoever wrote the object.</summary>
/// <param name="Uid">Stands in the answer.</param>
/// <param name="Kind"><c>Pod</c>; with its group in front unless that is the core group.</param>
/// <param name="Namespace">Where the object is to be; the object itself may not say.</param>
/// <param name="Operation">CREATE, UPDATE, …</param>
/// <param name="IsDryRun">Nothing will be stored.</param>
/// <param name="Object">The object; null at deletion.</param>
public sealed record AdmissionRequest(string Uid, string Kind, string Namespace, string Operation, bool IsDryRun, JsonObject? Object);

/// <summary>The answer.</summary>
/// <param name="Refusal">Null: allowed.</param>
/// <param name="Warnings">Shown to whoever sent the object.</param>
/// <param name="Patch">Empty: nothing is changed.</param>
public sealed record AdmissionAnswer(string? Refusal, IReadOnlyList<string> Warnings, IReadOnlyList<JsonPatchOperation> Patch)
{
    /// <summary>Allowed as it is.</summary>
    public static AdmissionAnswer Allow(params IReadOnlyList<string> warnings) => new(Refusal: null, warnings, []);
}

/// <summary>The envelope, in and out.</summary>
public static class AdmissionReview
{
    private const string ApiVersion = "admission.k8s.io/v1";
    private const string Kind = "AdmissionReview";

    /// <summary>Reads it; null with the reason when it is no review of this version.</summary>
    public static (AdmissionRequest? Request, string? Problem) Read(ReadOnlySpan<byte> body)
    {
        JsonObject? review;
        try
        {
            review = StrictJson.Parse(body) as JsonObject;
        }
        catch (JsonException)
        {
            return (null, "the body is not JSON");
        }

        if (review is null || PodView.Text(review["kind"]) != Kind)
        {
            return (null, "the body is no AdmissionReview");
        }

        if (PodView.Text(review["apiVersion"]) != ApiVersion)
        {
            return (null, $"only {ApiVersion} is understood");
        }

        if (review["request"] is not JsonObject request)
        {
            return (null, "the review has no request");
        }

        if (PodView.Text(request["uid"]) is not { Length: > 0 and <= 128 } uid)
        {
            return (null, "the request has no uid");
        }

        var kind = request["kind"] as JsonObject;
        var group = PodView.Text(kind?["group"]) ?? "";
        return (
            new AdmissionRequest(
                uid,
                $"{group}{(group.Length > 0 ? "/" : "")}{PodView.Text(kind?["kind"])}",
                PodView.Text(request["namespace"]) ?? "",
                PodView.Text(request["operation"]) ?? "",
                PodView.IsTrue(request["dryRun"]),
                request["object"] as JsonObject),
            null);
    }

    /// <summary>Writes the answer to a request.</summary>
    public static ReadOnlyMemory<byte> Write(string uid, AdmissionAnswer answer)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("apiVersion", ApiVersion);
            json.WriteString("kind", Kind);
            json.WriteStartObject("response");
            json.WriteString("uid", uid);
            json.WriteBoolean("allowed", answer.Refusal is null);
            if (answer.Refusal is not null)
            {
                json.WriteStartObject("status");
                json.WriteNumber("code", 422);
                json.WriteString("reason", "Invalid");
                json.WriteString("message", answer.Refusal);
                json.WriteEndObject();
            }

            if (answer.Warnings.Count > 0)
            {
                json.WriteStartArray("warnings");
                foreach (var warning in answer.Warnings)
                {
                    json.WriteStringValue(warning);
                }

                json.WriteEndArray();
            }

            if (answer.Patch.Count > 0)
            {
                json.WriteString("patchType", "JSONPatch");
                json.WriteBase64String("patch", JsonPatchOperation.Write(answer.Patch));
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }
}
