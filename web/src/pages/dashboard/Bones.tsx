import { Loading } from "../../ui/States";

const EIGHT = ["a", "b", "c", "d", "e", "f", "g", "h"];

/** The dashboard's own geometry before the figures are there. */
export function Bones() {
  return (
    <Loading>
      <div className="flex flex-col gap-4">
        <div className="grid grid-cols-2 gap-2 sm:gap-3 md:grid-cols-4">
          {EIGHT.map((name) => (
            <div key={name} className="card h-[8.75rem] p-4">
              <div className="bone h-3 w-20" />
              <div className="bone mt-3 h-6 w-28" />
              <div className="bone mt-3 h-3 w-24" />
            </div>
          ))}
        </div>
        <div className="card h-[29.5rem] p-5">
          <div className="bone h-4 w-40" />
          <div className="bone mt-4 h-[24rem]" />
        </div>
        <div className="card h-72 p-5">
          <div className="bone h-4 w-32" />
        </div>
      </div>
    </Loading>
  );
}
