import { expect, it } from "vitest";
import { csvCell, csvOf } from "./csv";

it("defuses formulas and leaves numbers alone", () => {
  expect(csvCell("=HYPERLINK(1)")).toBe("'=HYPERLINK(1)");
  expect(csvCell("@x")).toBe("'@x");
  expect(csvCell("-12.50")).toBe("-12.50");
  expect(csvCell("-cmd")).toBe("'-cmd");
});

it("quotes what needs it and leaves nothing for nothing", () => {
  expect(
    csvOf(
      ["a", "b"],
      [
        ['x "y", z', null],
        ["1\n2", 3],
      ],
    ),
  ).toBe('a,b\r\n"x ""y"", z",\r\n"1\n2",3\r\n');
});
