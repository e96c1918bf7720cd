#:property PublishAot=false
// What takes the bytes of a native binary, by assembly or by namespace: reads the .mstat file that the compiler writes
// with -p:IlcGenerateMstatFile=true. It is an assembly whose global methods are lists: token, sizes, token, sizes.
// Its format is the compiler's own (ILCompiler's MstatObjectDumper), version 2.
//   dotnet run loadtests/size.cs FILE.mstat [namespaces ASSEMBLY | types ASSEMBLY]
using System.Collections.Immutable;
using System.Globalization;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

using var reader = new PEReader(File.OpenRead(args[0]));
var metadata = reader.GetMetadataReader();
var bodies = metadata.MethodDefinitions.Select(metadata.GetMethodDefinition).ToDictionary(
    method => metadata.GetString(method.Name),
    method => method.RelativeVirtualAddress == 0 ? null : reader.GetMethodBody(method.RelativeVirtualAddress));
var selected = args.Length > 2 ? args[2] : null;
var isByType = args.Length > 1 && args[1] == "types";
var totals = new Dictionary<string, (long Code, long Data)>();

foreach (var (token, sizes) in Entries("Methods", numbers: 4))
{
    Add(OwnerOf(MetadataTokens.EntityHandle(token)), code: sizes[0] + sizes[1] + sizes[2], data: 0);
}

foreach (var (token, sizes) in Entries("Types", numbers: 2))
{
    Add(OwnerOf(MetadataTokens.EntityHandle(token)), code: 0, data: sizes[0]);
}

if (selected is null)
{
    foreach (var (token, sizes) in Entries("Blobs", numbers: 1))
    {
        Add(("(" + metadata.GetUserString(MetadataTokens.UserStringHandle(token)) + ")", "", ""), code: 0, data: sizes[0]);
    }
}

const int Rows = 40;
var rows = totals.OrderByDescending(total => total.Value.Code + total.Value.Data).ToList();
Console.WriteLine("| what | code, kB | data, kB | both, kB |\n|---|---|---|---|");
foreach (var (name, (code, data)) in rows.Take(Rows))
{
    Print(name, code, data);
}

Print($"{Math.Max(0, rows.Count - Rows)} others", rows.Skip(Rows).Sum(row => row.Value.Code), rows.Skip(Rows).Sum(row => row.Value.Data));
Print("**all**", rows.Sum(row => row.Value.Code), rows.Sum(row => row.Value.Data));

static void Print(string name, long code, long data) =>
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {code / 1e3:F0} | {data / 1e3:F0} | {(code + data) / 1e3:F0} |"));

void Add((string Assembly, string Namespace, string Type) owner, long code, long data)
{
    if (selected is not null && owner.Assembly != selected)
    {
        return;
    }

    var key = selected is null ? owner.Assembly : isByType ? $"{owner.Namespace}.{owner.Type}" : owner.Namespace;
    var (c, d) = totals.GetValueOrDefault(key);
    totals[key] = (c + code, d + data);
}

// Each entry is one ldtoken or ldstr and some ldc.i4.
IEnumerable<(int Token, int[] Sizes)> Entries(string list, int numbers)
{
    if (!bodies.TryGetValue(list, out var body) || body is null)
    {
        yield break;
    }

    var il = body.GetILBytes()!;
    var position = 0;
    while (position < il.Length && il[position] is 0xD0 or 0x72)
    {
        var token = BitConverter.ToInt32(il, position + 1);
        position += 5;
        var sizes = new int[numbers];
        for (var i = 0; i < numbers; i++)
        {
            sizes[i] = Constant(il, ref position);
        }

        yield return (token, sizes);
    }
}

static int Constant(byte[] il, ref int position)
{
    var opcode = il[position++];
    switch (opcode)
    {
        case >= 0x15 and <= 0x1E: return opcode - 0x16;
        case 0x1F: return (sbyte)il[position++];
        case 0x20: position += 4; return BitConverter.ToInt32(il, position - 4);
        default: throw new BadImageFormatException($"opcode {opcode:X2} at {position}");
    }
}

(string Assembly, string Namespace, string Type) OwnerOf(EntityHandle handle) => handle.Kind switch
{
    HandleKind.MethodSpecification => OwnerOf(metadata.GetMethodSpecification((MethodSpecificationHandle)handle).Method),
    HandleKind.MemberReference => OwnerOf(metadata.GetMemberReference((MemberReferenceHandle)handle).Parent),
    HandleKind.TypeReference => OwnerOfReference((TypeReferenceHandle)handle),
    HandleKind.TypeSpecification => metadata.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(new Owner(OwnerOf), null),
    _ => ("?" + handle.Kind, "", ""),
};

(string Assembly, string Namespace, string Type) OwnerOfReference(TypeReferenceHandle handle)
{
    var type = metadata.GetTypeReference(handle);
    var name = metadata.GetString(type.Name);
    if (type.ResolutionScope.Kind == HandleKind.TypeReference)
    {
        var outer = OwnerOfReference((TypeReferenceHandle)type.ResolutionScope);
        return outer with { Type = outer.Type + "+" + name };
    }

    var assembly = type.ResolutionScope.Kind == HandleKind.AssemblyReference
        ? metadata.GetString(metadata.GetAssemblyReference((AssemblyReferenceHandle)type.ResolutionScope).Name) : "?";
    return (assembly, metadata.GetString(type.Namespace), name);
}

// The owner of an instantiation, an array or a pointer is its definition or element.
internal sealed class Owner(Func<EntityHandle, (string, string, string)> ownerOf) : ISignatureTypeProvider<(string, string, string), object?>
{
    public (string, string, string) GetArrayType((string, string, string) e, ArrayShape s) => e;
    public (string, string, string) GetByReferenceType((string, string, string) e) => e;
    public (string, string, string) GetFunctionPointerType(MethodSignature<(string, string, string)> s) => ("System.Private.CoreLib", "(function pointer)", "");
    public (string, string, string) GetGenericInstantiation((string, string, string) g, ImmutableArray<(string, string, string)> a) => g;
    public (string, string, string) GetGenericMethodParameter(object? c, int i) => ("?", "", "");
    public (string, string, string) GetGenericTypeParameter(object? c, int i) => ("?", "", "");
    public (string, string, string) GetModifiedType((string, string, string) m, (string, string, string) u, bool r) => u;
    public (string, string, string) GetPinnedType((string, string, string) e) => e;
    public (string, string, string) GetPointerType((string, string, string) e) => e;
    public (string, string, string) GetPrimitiveType(PrimitiveTypeCode t) => ("System.Private.CoreLib", "System", t.ToString());
    public (string, string, string) GetSZArrayType((string, string, string) e) => e;
    public (string, string, string) GetTypeFromDefinition(MetadataReader r, TypeDefinitionHandle h, byte k) => ("?", "", "");
    public (string, string, string) GetTypeFromReference(MetadataReader r, TypeReferenceHandle h, byte k) => ownerOf(h);
    public (string, string, string) GetTypeFromSpecification(MetadataReader r, object? c, TypeSpecificationHandle h, byte k) => ("?", "", "");
}
