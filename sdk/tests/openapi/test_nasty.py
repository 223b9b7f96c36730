"""Documents as they should not be written and are: what is made of each is whole, or the report names the rest."""

import json

import pytest

from wren.openapi.choice import Choice
from wren.openapi.importer import import_document
from wren.openapi.text import read_document

HEAD = "info: {title: Odd}\nservers: [{url: 'https://odd.example/v1/'}]\n"


def read(text, head=HEAD, version="openapi: 3.1.0"):
    return import_document(read_document(f"{version}\n{head}{text}"), Choice())


def only(result):
    (method,) = result.definition.methods
    return method


def placements(method):
    return {item["argument"]: item for item in method["request"]["placements"]}


def test_media_types_with_parameters_and_of_vendors_are_sent_and_asked_for():
    body = "{content: {application/merge-patch+json; charset=utf-8: {schema: {properties: {name: {type: string}}}}}}"
    answer = "{200: {content: {application/vnd.odd.v2+json; profile=x: {schema: {type: object}}}}}"
    method = only(read(f"paths: {{/x: {{patch: {{requestBody: {body}, responses: {answer}}}}}}}"))

    assert method["request"]["contentType"] == "application/merge-patch+json; charset=utf-8"
    assert method["request"]["accept"] == "application/vnd.odd.v2+json; profile=x"
    assert set(method["inputSchema"]["properties"]) == {"name"}


@pytest.mark.parametrize(
    ("offered", "response", "accept"),
    [
        ("text/csv: {}", "text", "text/csv"),
        ("text/csv; charset=iso-8859-1: {}", "text", "text/csv; charset=iso-8859-1"),
        ("application/pdf: {}, image/png: {}", "bytes", "application/pdf"),
        ("application/octet-stream: {}", "bytes", "application/octet-stream"),
        ("application/x-ndjson: {}", "text", "application/x-ndjson"),
        ("application/json-seq: {}", "text", "application/json-seq"),
        ("text/json: {}", None, "text/json"),
        ("text/csv: {}, application/json: {}", None, None),
        ("application/vnd.odd+json: {}, application/json: {}", None, None),
        ("application/json: {}", None, None),
        ("'*/*': {}", None, None),
    ],
)
def test_the_answer_that_is_asked_for_is_the_one_that_is_read(offered, response, accept):
    request = only(read(f"paths: {{/x: {{get: {{responses: {{200: {{content: {{{offered}}}}}}}}}}}}}"))["request"]

    assert (request.get("response"), request.get("accept")) == (response, accept)


@pytest.mark.parametrize(
    ("media_type", "encoding", "content_type"),
    [
        ("text/csv", None, "text/csv"),
        ("application/xml", None, "application/xml"),
        ("application/x-ndjson", None, "application/x-ndjson"),
        ("application/octet-stream", "base64", "application/octet-stream"),
        ("application/vnd.ms-excel", "base64", "application/vnd.ms-excel"),
        ("image/*", "base64", None),
    ],
)
def test_any_other_body_is_sent_as_it_is(media_type, encoding, content_type):
    method = only(read(f"paths: {{/x: {{put: {{requestBody: {{content: {{'{media_type}': {{}}}}}}}}}}}}"))

    assert (method["request"]["body"], method["request"].get("contentType")) == ("raw", content_type)
    assert method["inputSchema"]["properties"]["body"].get("contentEncoding") == encoding


def test_each_part_of_a_form_has_the_media_type_of_its_encoding():
    schema = """
      files: {type: array, items: {type: string, format: binary}}
      thumb: {type: string, contentMediaType: image/png}
      blob: {contentMediaType: application/octet-stream}
      meta: {type: object}
      tags: {type: array, items: {type: string}}"""
    encoding = (
        "{files: {contentType: 'image/png, image/*'}, meta: {contentType: application/ld+json}, tags: {explode: no}}"
    )
    text = f"""
paths:
  /x:
    post:
      requestBody:
        content:
          multipart/form-data:
            encoding: {encoding.replace("no", "false")}
            schema:
              properties: {{{",".join(schema.strip().splitlines())}}}
"""
    method = only(read(text))
    properties, placed = method["inputSchema"]["properties"], placements(method)

    assert properties["files"]["items"]["contentEncoding"] == "base64"
    assert properties["thumb"]["contentEncoding"] == properties["blob"]["contentEncoding"] == "base64"
    assert {name: item.get("mediaType") for name, item in placed.items()} == {
        "files": "image/png, image/*",
        "thumb": "image/png",
        "blob": "application/octet-stream",
        "meta": "application/ld+json",
        "tags": None,
    }
    assert placed["tags"]["explode"] is False


def test_every_style_of_a_parameter_keeps_its_layout():
    parameters = """
      - {name: deep, in: query, style: deepObject, explode: true, schema: {type: object}}
      - {name: pipes, in: query, style: pipeDelimited, explode: false, schema: {type: array}}
      - {name: commas, in: query, explode: false, schema: {type: array}}
      - {name: filter, in: query, content: {application/json: {schema: {type: object}}}}
      - {name: note, in: query, content: {text/plain: {schema: {type: string}}}}
      - {name: X-Many, in: header, explode: true, schema: {type: object}}
      - {name: session, in: cookie, schema: {type: string}}"""
    found = read(f"paths:\n  /x:\n    parameters: {parameters}\n    get: {{responses: {{}}}}")
    placed = placements(only(found))

    assert {name: (item.get("style"), item.get("explode", True)) for name, item in placed.items()} == {
        "deep": ("deepObject", True),
        "pipes": ("pipeDelimited", False),
        "commas": (None, False),
        "filter": ("json", True),
        "x_many": ("simple", True),
    }
    assert "get_x: 'session' goes in a cookie and is left out" in found.warnings


def test_parameters_of_a_path_come_by_reference_and_an_operation_replaces_them():
    text = """
paths:
  /x/{id}:
    parameters: [{$ref: '#/components/parameters/Id'}, {$ref: '#/components/parameters/Size'}]
    get: {operationId: a, parameters: [{name: size, in: query, required: true, schema: {type: integer}}]}
    delete: {$ref: '#/components/x-operations/Delete'}
components:
  parameters:
    Id: {name: id, in: path, required: true, schema: {$ref: '#/components/schemas/Id'}}
    Size: {name: size, in: query, schema: {type: string}}
  schemas: {Id: {type: string, format: uuid}}
  x-operations: {Delete: {operationId: b}}
"""
    one, other = read(text).definition.methods

    assert one["inputSchema"]["required"] == ["id", "size"]
    assert one["inputSchema"]["properties"]["size"] == {"type": "integer"}
    assert (other["id"], other["inputSchema"]["required"]) == ("b", ["id"])


TENANT = {"tenant_id": None}


@pytest.mark.parametrize(
    ("server", "base_url", "hosts", "fields", "required"),
    [
        ("https://{t}.odd.example/v1", "https://{t}.odd.example/v1", ["{t}.odd.example"], {"t": None}, ["t"]),
        ("https://{region}.b.example", "https://{region}.b.example", ["{region}.b.example"], {"region": "eu"}, None),
        (
            "https://{tenantId}.b.example",
            "https://{tenant_id}.b.example",
            ["{tenant_id}.b.example"],
            TENANT,
            ["tenant_id"],
        ),
        ("{scheme}://a.b:{port}/{base}", "https://a.b:{port}/v2/x", ["a.b:{port}"], {"port": "443"}, None),
        ("https://a.example/{version}", "https://a.example/{version}", [], {"version": "v1"}, None),
        ("{baseUrl}/api", "{base_url}/api", ["{base_url}"], {"base_url": None}, ["base_url"]),
        ("https://{only}.example", "https://one.example", [], {}, None),
    ],
)
def test_variables_of_a_server_are_fields_of_the_configuration(server, base_url, hosts, fields, required):
    variables = """{region: {default: eu, enum: [eu, us]}, tenantId: {default: your-tenant}, scheme: {default: http,
      enum: [http, https]}, port: {default: '443', enum: ['443', '8443']}, base: {default: v2/x},
      version: {default: v1}, baseUrl: {default: 'https://odd.example'}, only: {default: one, enum: [one]}}"""
    head = f"info: {{title: Odd}}\nservers: [{{url: '{server}', variables: {variables}}}]\n"
    definition = read("paths: {/x: {get: {}}}", head).definition

    assert (definition.base_url, definition.config_hosts) == (base_url, hosts)
    assert {name: item.get("default") for name, item in definition.config_schema["properties"].items()} == fields
    assert definition.config_schema.get("required") == required


def test_an_operation_of_a_path_with_another_server_is_reported():
    found = read(
        "paths: {/x: {get: {}}, /y: {servers: [{url: 'https://files.odd.example'}], get: {}, "
        "put: {servers: [{url: 'https://odd.example/v1'}]}}, /z: {servers: [{url: /v1/}], get: {}}}"
    )

    assert [item["id"] for item in found.definition.methods] == ["get_x", "put_y", "get_z"]
    assert "on another server (https://files.odd.example)" in found.skipped[0].reason


@pytest.mark.parametrize(
    ("authorize", "token", "expected"),
    [
        ("/oauth/authorize", "../token", ("https://odd.example/oauth/authorize", "https://odd.example/token")),
        (
            "https://login.example/{tenant}/a",
            "https://login.example/{tenant}/t",
            ("https://login.example/{tenant}/a", "https://login.example/{tenant}/t"),
        ),
        (
            "https://{shop}.odd.example/a",
            "https://{shop}.odd.example/t",
            ("https://{shop}.odd.example/a", "https://{shop}.odd.example/t"),
        ),
        ("https://{domain}/a", "https://{domain}/t", None),
        ("ftp://odd.example/a", "https://odd.example/t", None),
        ("https://login.example/{tenant/a", "https://login.example/t", None),
    ],
)
def test_addresses_of_oauth_are_whole_or_not_used(authorize, token, expected):
    flow = json.dumps({"authorizationUrl": authorize, "tokenUrl": token, "scopes": {}})
    found = read(
        f"security: [{{o: []}}]\npaths: {{/x: {{get: {{}}}}}}\ncomponents: {{securitySchemes: {{o: {{type: oauth2, "
        f"flows: {{authorizationCode: {flow}}}}}}}}}"
    )
    definition, wanted = found.definition, sorted(part for part in ("tenant", "shop") if part in authorize)

    if expected is None:
        assert definition.auth_type == "apikey"
        assert "takes a token instead" in "".join(found.warnings)
        assert definition.config_schema["properties"] == {}
    else:
        assert (definition.oauth2_config["authorizationUrl"], definition.oauth2_config["tokenUrl"]) == expected
        assert definition.config_schema.get("required", []) == wanted


def test_keys_of_yaml_are_text_as_it_is_written():
    properties = "{13: {type: string}, 1.10: {}, true: {}, on: {}, 2024-01-01: {}, ~: {}, 0x1F: {}}"
    content = f"{{application/json: {{schema: {{properties: {properties}}}}}}}"
    method = only(read(f"paths: {{/x: {{get: {{responses: {{200: {{content: {content}}}}}}}}}}}"))

    assert list(method["outputSchema"]["properties"]) == ["13", "1.10", "true", "on", "2024-01-01", "~", "0x1F"]


def test_equal_operation_ids_get_numbers():
    methods = read("paths: {/a: {get: {operationId: x}}, /b: {get: {operationId: x}, post: {operationId: X_2}}}")

    assert list(methods.operations.items()) == [("x", "GET /a"), ("x_2", "GET /b"), ("x_2_2", "POST /b")]


def test_paths_that_cannot_be_called_are_reported():
    found = read(
        "paths: {/x: {get: {}}, /y: null, y: {get: {}}, x-z: {get: {}}, '/q?a=b': {get: {}}, /n: {$ref: '#/nowhere'}, "
        "/b: {get: {requestBody: {required: true, content: {application/json: {}}}}}}"
    )

    assert [item["id"] for item in found.definition.methods] == ["get_x"]
    assert [item.operation for item in found.skipped] == ["ANY y", "GET /q?a=b", "ANY /n", "GET /b"]
    assert [item.reason.split(": ")[-1] for item in found.skipped[::3]] == [
        "a path must begin with /",
        "it requires a body, which a GET cannot have here",
    ]


@pytest.mark.parametrize(
    ("schema", "note"),
    [
        ("{properties: {a: {type: string}, b: {$ref: '#/components/schemas/Gone'}}}", "/Gone' has no target"),
        ("{type: array, items: {properties: {b: {$ref: '#/components/schemas/Loop'}}}}", "Loop refers to itself"),
        ("{properties: {b: {$ref: 'https://odd.example/b.json'}}}", "nothing is fetched"),
        ("{properties: {b: {$ref: '#anchor'}}}", "has no target"),
        ("{properties: {b: 5}}", "a schema is expected, not int"),
        (
            "{oneOf: [{$ref: '#/components/schemas/Gone'}, {$ref: '#/components/schemas/Cat'}], "
            "discriminator: {propertyName: kind, mapping: {cat: '#/components/schemas/Gone'}}}",
            "has no target",
        ),
    ],
)
def test_one_part_of_an_answer_that_is_not_described_costs_only_itself(schema, note):
    found = read(f"""
paths:
  /x:
    get:
      responses: {{200: {{content: {{application/json: {{schema: {schema}}}}}}}, 4XX: {{$ref: '#/nowhere'}}}}
components:
  schemas:
    Loop: {{allOf: [{{$ref: '#/components/schemas/Loop'}}]}}
    Cat: {{type: object, properties: {{kind: {{const: cat}}, me: {{$ref: '#/components/schemas/Cat'}}}}}}
""")
    texts = "\n".join(text for text in found.warnings if "get_x: " in text)

    assert found.skipped == ()
    assert note in texts
    assert "the answer 4XX is not described" in texts
    assert only(found)["outputSchema"] != {}


def test_a_whole_answer_without_target_is_open():
    method = only(read("paths: {/x: {get: {responses: {200: {$ref: '#/components/responses/Gone'}}}}}"))

    assert method["outputSchema"] == {}


def test_swagger_2_has_its_own_media_types_and_forms():
    text = """
host: odd.example
basePath: /v1
produces: [text/csv]
paths:
  /x:
    post:
      consumes: [multipart/form-data]
      parameters:
      - {name: files, in: formData, type: array, items: {type: file}, collectionFormat: multi}
      - {name: tags, in: formData, type: array, items: {type: string}}
    put:
      consumes: [application/vnd.odd+json]
      produces: [application/vnd.odd+json]
      parameters: [{name: body, in: body, schema: {properties: {a: {type: string}}}}]
      responses: {200: {schema: {type: object}}}
    get: {responses: {200: {schema: {type: file}}}}
"""
    found = read(text, head="info: {title: Odd}\n", version="swagger: '2.0'")
    get, post, put = sorted(found.definition.methods, key=lambda item: item["id"])

    assert (get["request"]["response"], get["request"]["accept"]) == ("text", "text/csv")
    assert placements(post)["tags"]["explode"] is False
    assert post["inputSchema"]["properties"]["files"]["items"]["contentEncoding"] == "base64"
    assert put["request"]["contentType"] == put["request"]["accept"] == "application/vnd.odd+json"
    assert set(put["inputSchema"]["properties"]) == {"a"}


def test_a_text_that_looks_like_a_path_of_this_machine_is_only_text():
    schema = "{properties: {target: {type: string, format: path}}}"
    method = only(
        read(f"paths: {{/x: {{post: {{requestBody: {{content: {{multipart/form-data: {{schema: {schema}}}}}}}}}}}}}")
    )

    assert method["inputSchema"]["properties"] == {"target": {"type": "string"}}
