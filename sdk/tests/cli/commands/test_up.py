def test_up_hands_over_to_the_backend_with_all_options(wren, tmp_path):
    package = tmp_path / "wren_backend"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text("import sys\nprint(sys.argv[1:])\nsys.exit(7)\n")

    done = wren("up", "--port", "9000", "--json", "--help", PYTHONPATH=str(tmp_path))

    assert done.code == 7
    assert done.out == "['up', '--port', '9000', '--help']\n"


def test_without_the_backend_up_says_how_to_install_it(wren, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util\nfind = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *rest: None if name == 'wren_backend' else find(name, *rest)\n"
    )

    plain, as_json = (
        wren("up", PYTHONPATH=str(tmp_path)),
        wren("up", "--json", PYTHONPATH=str(tmp_path)),
    )

    assert (plain.code, as_json.code) == (3, 3)
    assert "pip install wren-backend" in plain.err
    assert as_json.error["code"] == "BACKEND_MISSING"
