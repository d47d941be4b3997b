// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import { type Column, DataTable } from "./DataTable";

interface Row {
  name: string;
  sales: string | null;
  below?: Row[];
}

const rows: Row[] = [
  { name: "Meta", sales: "20.00", below: [{ name: "Brand", sales: "5.00" }] },
  { name: "Google", sales: "100.00" },
  { name: "TikTok", sales: null },
];
const columns: Column<Row>[] = [
  { id: "name", header: "Name", left: true, sort: (row) => row.name, cell: (row) => row.name },
  {
    id: "sales",
    header: "Sales",
    sort: (row) => (row.sales === null ? null : Number(row.sales)),
    cell: (row) => row.sales ?? "–",
  },
];
const names = () => screen.getAllByRole("rowheader").map((cell) => cell.textContent);

afterEach(cleanup);

function show(onOpen = vi.fn()) {
  render(
    <DataTable
      id="test"
      label="Test"
      columns={columns}
      rows={rows}
      rowId={(row) => row.name}
      rowName={(row) => row.name}
      below={(row) => row.below}
      onOpen={onOpen}
      initialSort={[{ id: "sales", desc: true }]}
      totals={{ name: "", sales: "120.00" }}
    />,
  );
  return onOpen;
}

it("sorts figures by size, not by spelling, with what is missing last", () => {
  show();
  expect(names()).toEqual(["Google", "Meta", "TikTok", "Total"]);
  expect(screen.getByRole("columnheader", { name: "Sales" }).getAttribute("aria-sort")).toBe("descending");
  fireEvent.click(screen.getByRole("button", { name: "Sales" }));
  expect(names()).toEqual(["Meta", "Google", "TikTok", "Total"]);
  fireEvent.click(screen.getByRole("button", { name: "Name" }));
  expect(names()).toEqual(["Google", "Meta", "TikTok", "Total"]);
});

it("opens a row, says so, and keeps the totals last", () => {
  const onOpen = show();
  const button = screen.getByRole("button", { name: "Expand Meta" });
  expect(button.getAttribute("aria-expanded")).toBe("false");
  fireEvent.click(button);
  expect(onOpen).toHaveBeenCalledWith(rows[0]);
  expect(names()).toEqual(["Google", "Meta", "Brand", "TikTok", "Total"]);
  expect(screen.getByRole("button", { name: "Collapse Meta" })).toBeTruthy();
  const total = screen.getByRole("rowheader", { name: "Total" }).closest("tr");
  expect(within(total as HTMLElement).getByText("120.00")).toBeTruthy();
});

it("can be scrolled by keyboard and has a name", () => {
  show();
  expect(screen.getByRole("group", { name: "Test" }).getAttribute("tabindex")).toBe("0");
});
